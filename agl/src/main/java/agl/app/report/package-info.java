/** One self-contained HTML file with tables and charts. Start reading at {@link agl.app.report.Report}. */
package agl.app.report;
