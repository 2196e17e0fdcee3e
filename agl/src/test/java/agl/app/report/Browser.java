package agl.app.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;

/**
 * A headless Chromium of this machine with its chromedriver (Debian's packages chromium and chromium-driver). Tests that use it are skipped
 * where either is missing; {@code -Dagl.chromium=FILE} and {@code -Dagl.chromedriver=FILE} name others than those on the path. Both are
 * given to Selenium by name, so that it looks for nothing on the network.
 */
public final class Browser implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    /**
     * Selenium says at length that it does not know the browser's version of a protocol that nothing here depends on. Held, so that it is
     * not forgotten.
     */
    private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");
    private final ChromeDriver driver;

    private Browser(Path chromium, Path chromedriver) {
        SELENIUM.setLevel(Level.SEVERE);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.toFile());
        options.addArguments("--headless=new", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                "--disable-background-networking", "--no-first-run");
        if (System.getProperty("user.name").equals("root")) {
            options.addArguments("--no-sandbox"); // Chromium refuses to start for root otherwise, as in a container
        }
        options.setCapability("goog:loggingPrefs", Map.of("browser", "ALL", "performance", "ALL"));
        driver = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(chromedriver.toFile()).usingAnyFreePort().build(),
                options);
    }

    /** Skips the test, saying so, where Chromium or its driver is not found. */
    public static Browser startOrSkip() {
        Path chromium = find("agl.chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome");
        Path chromedriver = find("agl.chromedriver", "chromedriver");
        Assumptions.assumeTrue(chromium != null, "no Chromium found: install one (Debian: chromium) or name it by -Dagl.chromium=FILE");
        Assumptions.assumeTrue(chromedriver != null,
                "no chromedriver found: install it (Debian: chromium-driver) or name it by -Dagl.chromedriver=FILE");
        return new Browser(chromium, chromedriver);
    }

    private static Path find(String property, String... names) {
        String named = System.getProperty(property);
        if (named != null) {
            return Path.of(named);
        }
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            for (String name : names) {
                Path p = Path.of(folder, name);
                if (Files.isExecutable(p)) {
                    return p;
                }
            }
        }
        return null;
    }

    /** Opens a page and waits until it is loaded and drawn. */
    public Page open(URI address, int width, int height, boolean dark) {
        size(width, height);
        driver.executeCdpCommand("Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
        Page page = new Page();
        page.drain();
        page.complaints.clear();
        page.requests.clear();
        driver.get(address.toString());
        page.drawn();
        return page;
    }

    private void size(int width, int height) {
        driver.executeCdpCommand("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    }

    /** The page that is open; closed by opening the next one. */
    public final class Page implements AutoCloseable {
        private final List<String> complaints = new ArrayList<>();
        private final List<String> requests = new ArrayList<>();

        private Page() { }

        private void drawn() {
            eval("document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => "
                    + "done(true)))))");
        }

        /** Gives the window of this page another size, and waits until it is drawn so. */
        public void resize(int width, int height) {
            size(width, height);
            drawn();
        }

        /** Displayed formulas that are cut at their right, by the beginning of their source. */
        public JsonNode cutFormulas() {
            return eval("[...document.querySelectorAll('.tex.display')].filter(e => e.scrollWidth > e.clientWidth + 1)"
                    + ".map(e => e.dataset.source.slice(0, 60))");
        }

        /** The value of a JavaScript expression; a promise is waited for. */
        public JsonNode eval(String expression) {
            Object text = driver
                    .executeScript("return Promise.resolve(" + expression + ").then(v => JSON.stringify(v === undefined ? null : v))");
            return parse((String) text);
        }

        private JsonNode parse(String json) {
            try {
                return JSON.readTree(json);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException(json, e);
            }
        }

        /** What the browser has logged since the last look. */
        private void drain() {
            for (LogEntry e : driver.manage().logs().get("browser")) {
                if (e.getLevel().intValue() >= Level.WARNING.intValue()) {
                    complaints.add(e.getMessage());
                }
            }
            for (LogEntry e : driver.manage().logs().get("performance")) {
                JsonNode message = parse(e.getMessage()).path("message");
                String url = message.at("/params/request/url").asText();
                if (message.path("method").asText().equals("Network.requestWillBeSent") && !url.startsWith("data:")) {
                    requests.add(url);
                }
            }
        }

        /** Errors and warnings of the console, exceptions, violations of the page's own policy. */
        public List<String> complaints() {
            drain();
            return complaints;
        }

        /** Addresses asked for, by any means, but for those that lie in the page itself. */
        public List<String> requests() {
            drain();
            return requests;
        }

        /** The whole page, however high, as PNG. */
        public void screenshot(Path file) throws IOException {
            JsonNode size = JSON.valueToTree(driver.executeCdpCommand("Page.getLayoutMetrics", Map.of())).get("cssContentSize");
            Map<String, Object> clip = Map.of("x", 0, "y", 0, "width", size.get("width").asDouble(), "height",
                    size.get("height").asDouble(), "scale", 1);
            Object shot = driver
                    .executeCdpCommand("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true, "clip", clip))
                    .get("data");
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, Base64.getDecoder().decode((String) shot));
        }

        /** The page as it would be printed, as PDF. */
        public byte[] print() {
            return Base64.getDecoder().decode((String) driver.executeCdpCommand("Page.printToPDF", Map.of()).get("data"));
        }

        @Override public void close() {
            driver.get("about:blank");
        }
    }

    @Override public void close() {
        driver.quit();
    }
}
