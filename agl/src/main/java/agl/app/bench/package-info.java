/**
 * Benchmarks: kernels, layers and whole training steps, compared with this machine's peak. Start reading at
 * {@link agl.app.bench.StepBench}.
 */
package agl.app.bench;

