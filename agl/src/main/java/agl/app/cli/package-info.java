/**
 * The command line: one class per command, and the options that commands share. A command reads its options, calls what does the work and
 * prints what came out; no other package knows it. Start reading at {@link agl.app.cli.TrainCommand}.
 */
package agl.app.cli;
