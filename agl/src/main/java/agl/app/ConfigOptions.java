package agl.app;

import agl.app.train.RunConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Settings of a run: a file, then overrides. */
public final class ConfigOptions {
    @Option(names = "--config", paramLabel = "FILE", description = "Settings as JSON; AGL's own under \"agl\". \"preset\": default or as-read.")
    private Path file;

    @Option(names = {"-s", "--set"}, paramLabel = "NAME=VALUE", description = "One setting, e.g. -s learning_rate=2e-4 -s agl.lambda_A=300. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = "--steps", description = "Optimiser steps (0: by epochs).")
    private String steps;

    @Option(names = "--epochs", description = "Passes over the data.")
    private String epochs;

    @Option(names = "--batch-size", description = "Examples per step.")
    private String batchSize;

    @Option(names = {"--learning-rate", "--lr"}, description = "Peak learning rate.")
    private String learningRate;

    @Option(names = "--max-length", description = "Longest example in tokens.")
    private String maxLength;

    @Option(names = "--recompute", description = "Keep less for backward and compute it again: less memory, more time.")
    private boolean recompute;

    @Option(names = "--seed", description = "Seed of adapter, data order and dropout.")
    private String seed;

    @Option(names = "--r", description = "LoRA rank.")
    private String r;

    @Option(names = "--lora-alpha", description = "LoRA alpha; the scale is lora_alpha / r.")
    private String loraAlpha;

    @Option(names = "--lora-dropout", description = "Dropout before A.")
    private String loraDropout;

    @Option(names = "--target-modules", description = "Layers to adapt: suffixes separated by commas, a regular expression, or all-linear.")
    private String targetModules;

    @Option(names = "--preset", description = "AGL's weights to start from: default (ours, measured) or as-read (readers' values).")
    private String preset;

    /** File and overrides together; the named options count last. */
    public RunConfig config() {
        return config(List.of());
    }

    /** As {@link #config()}, starting from a command's own defaults. */
    public RunConfig config(List<String> defaults) {
        return config(defaults, List.of());
    }

    /** As {@link #config(List)}, with settings that a command decides itself at the end. */
    public RunConfig config(List<String> defaults, List<String> decided) {
        List<String> all = new ArrayList<>(defaults);
        all.addAll(sets);
        add(all, "steps", steps);
        add(all, "epochs", epochs);
        add(all, "batch_size", batchSize);
        add(all, "learning_rate", learningRate);
        add(all, "max_length", maxLength);
        add(all, "recompute", recompute ? "true" : null);
        add(all, "seed", seed);
        add(all, "r", r);
        add(all, "lora_alpha", loraAlpha);
        add(all, "lora_dropout", loraDropout);
        add(all, "target_modules", targetModules);
        add(all, "preset", preset);
        all.addAll(decided);
        return RunConfig.of(file, all);
    }

    private static void add(List<String> all, String name, String value) {
        if (value != null) {
            all.add(name + "=" + value);
        }
    }
}
