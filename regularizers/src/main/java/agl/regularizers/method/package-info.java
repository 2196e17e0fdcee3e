/**
 * What each method adds or changes in a training step: AGL and related methods, one class each. Start reading at
 * {@link agl.regularizers.method.Method}, then {@link agl.regularizers.method.Agl}.
 */
package agl.regularizers.method;
