/**
 * Speed: kernels, layers and whole training steps beside what this processor can do at most. Start reading at
 * {@link agl.app.bench.StepBench}.
 */
package agl.app.bench;

