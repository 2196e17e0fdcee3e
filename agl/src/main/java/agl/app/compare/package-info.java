/**
 * Many runs side by side: methods, strengths and seeds ({@code compare}), terms switched off in turn ({@code ablate}), the forgetting law
 * ({@code forgetting}). Start reading at {@link agl.app.compare.Experiment}.
 */
package agl.app.compare;

