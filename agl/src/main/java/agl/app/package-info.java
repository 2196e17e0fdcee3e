/**
 * Where the program starts and where it ends: the list of commands, what a failure prints, the watch over the launcher. Start reading at
 * {@link agl.app.Main}; the commands are in {@link agl.app.cli}.
 */
package agl.app;
