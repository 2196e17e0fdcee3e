/**
 * What a step of training adds or changes: AGL and its neighbours, one class each. Start reading at {@link agl.regularizers.method.Method},
 * then {@link agl.regularizers.method.Agl}.
 */
package agl.regularizers.method;
