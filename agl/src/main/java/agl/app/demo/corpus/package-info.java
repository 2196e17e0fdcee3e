/**
 * The demo's text, generated from our own lists: requests, answers, refusals, and a task. Start reading at
 * {@link agl.app.demo.corpus.DemoCorpus}.
 */
package agl.app.demo.corpus;
