/**
 * The launcher: it finds a JDK 25, adds the Vector API module and starts {@link agl.app.Main} in it. Compiled for Java 8, so that any
 * Java at hand can start the jar; start reading at {@link agl.Launcher}.
 */
package agl;
