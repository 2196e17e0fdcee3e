/** {@link agl.error.AglException}, which every module throws when something outside the program is wrong. */
package agl.error;
