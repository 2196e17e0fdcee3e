/**
 * The demo's text, made from lists of our own: requests, answers, refusals, and a task. Start reading at
 * {@link agl.app.demo.corpus.DemoCorpus}.
 */
package agl.app.demo.corpus;
