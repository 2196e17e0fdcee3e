/**
 * What every module throws when something outside the program is wrong: {@link agl.error.AglException}.
 */
package agl.error;
