/**
 * The demo: a small base model, plain LoRA and AGL on the same task, one table. Start reading at {@link agl.app.demo.DemoRun}.
 */
package agl.app.demo;

