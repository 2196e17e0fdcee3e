/**
 * Intervals: proportions, paired differences, bootstrap over clusters, means over seeds. Start reading at {@link agl.app.stats.Interval}.
 */
package agl.app.stats;
