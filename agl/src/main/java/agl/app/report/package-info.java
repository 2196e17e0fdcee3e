/**
 * One HTML file with tables and charts that needs nothing else. Start reading at {@link agl.app.report.Report}.
 */
package agl.app.report;
