package agl.app.compare;

/** The metrics shown in the tables. */
enum Metric {
    TASK_LOSS("task_loss", "task loss, nats per token", 3),
    ACCURACY("accuracy", "task answers right, %", 1),
    R_UNSAFE("R_unsafe", "R_unsafe, %", 1),
    OFF_TASK("off_task_unsafe", "off-task on unsafe, %", 1),
    UNSURE("unsure_unsafe", "unsure on unsafe, %", 1),
    R_SAFE("R_safe", "R_safe, %", 1),
    DRIFT("drift_points", "drift, points", 1),
    /** Of the mean over seeds: averaging it over single seeds would overestimate small drifts. */
    PAPER_DRIFT("max_0_drift_points", "max(0, drift), the paper's measure, points", 1),
    MARGIN_UNSAFE("margin_unsafe", "margin on unsafe, nats", 2),
    MARGIN_SAFE("margin_safe", "margin on safe, nats", 2),
    /** How well the margin tells unsafe prompts from safe ones, without a threshold: .5 by chance. */
    AUC("auc_margin", "AUC of the margin, unsafe against safe", 3),
    FIRST_MARGIN("first_token_margin_unsafe", "first-token margin on unsafe, nats", 2);

    final String key;
    final String title;
    final int digits;

    Metric(String key, String title, int digits) {
        this.key = key;
        this.title = title;
        this.digits = digits;
    }
}
