/**
 * The command line: one class per command, and shared options. A command reads its options, calls the code that does the work and prints
 * the result; no other package depends on this one. Start reading at {@link agl.app.cli.TrainCommand}.
 */
package agl.app.cli;
