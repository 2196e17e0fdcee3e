/**
 * The launcher: finds a JDK 25, adds the Vector API module and starts {@link agl.app.Main} in it. Compiled for Java 8, so that any
 * installed Java can start the jar. Start reading at {@link agl.Launcher}.
 */
package agl;
