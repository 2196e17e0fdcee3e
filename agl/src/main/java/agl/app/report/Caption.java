package agl.app.report;

/**
 * What stands above a figure or table.
 *
 * @param title in bold
 * @param note  a sentence on how to read it, in small type; empty for none
 */
public record Caption(String title, String note) {
    public static Caption of(String title) {
        return new Caption(title, "");
    }

    String noteHtml() {
        return note.isEmpty() ? "" : "<p class=\"note\">" + Html.escape(note) + "</p>\n";
    }
}
