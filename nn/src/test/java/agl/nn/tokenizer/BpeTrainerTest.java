package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTrainerTest {
    private static final List<String> SPECIAL = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    @TempDir
    Path folder;

    private static List<String> training() throws IOException {
        return Files.readAllLines(TokenizerFixtureTest.folder().resolve("training.txt"));
    }

    /** The committed gpt2.tokenizer.json was trained by the real library on the same text. */
    @Test
    void learnsWhatTheRealLibraryLearns() throws IOException {
        JsonMapper json = new JsonMapper();
        String real = Files.readString(TokenizerFixtureTest.folder().resolve("gpt2.tokenizer.json"));
        assertEquals(json.readTree(real), json.readTree(BpeTrainer.train(training(), 420, SPECIAL).toJson()));
    }

    @Test
    void writesATokenizerThatWorks() throws IOException {
        BpeTrainer trainer = BpeTrainer.train(training(), 400, SPECIAL);
        assertEquals(400, trainer.size());
        trainer.write(folder, "<|im_start|>", "<|im_end|>", "<|endoftext|>", null);
        Path config = folder.resolve("tokenizer_config.json");
        assertFalse(Files.readString(config).contains("chat_template"));
        HfTokenizer tokenizer = HfTokenizer.load(folder);
        assertEquals(400, tokenizer.vocabSize());
        assertArrayEquals(new int[] {1, 2, 0}, new int[] {tokenizer.bosId(), tokenizer.eosId(), tokenizer.padId()});
        String text = "<|im_start|>Größe 漢字 😀\n  keeper<|im_end|>";
        int[] ids = tokenizer.encode(text, true);
        assertEquals(text, tokenizer.decode(ids, false));
        assertEquals("Größe 漢字 😀\n  keeper", tokenizer.decode(ids, true));
        assertTrue(ids.length < text.getBytes(StandardCharsets.UTF_8).length / 2, "hardly anything was merged");
        trainer.write(folder, "<|im_start|>", null, null, "{{ bos_token }}");
        assertEquals("{{ bos_token }}", new JsonMapper().readTree(config.toFile()).get("chat_template").textValue());
    }

    @Test
    void theOrderOfTheTextsDoesNotMatter() throws IOException {
        List<String> texts = new ArrayList<>(training());
        String once = BpeTrainer.train(texts, 500, SPECIAL).toJson();
        Collections.reverse(texts);
        assertEquals(once, BpeTrainer.train(texts, 500, SPECIAL).toJson());
    }

    @Test
    void smallAndEmptyTexts() {
        assertEquals(256, BpeTrainer.train(List.of(), 300, List.of()).size());
        assertEquals(257, BpeTrainer.train(List.of("ab"), 300, List.of()).size());
        assertEquals(259, BpeTrainer.train(List.of("aaaaaaaa"), 1000, List.of()).size()); // aa, aaaa, aaaaaaaa
        assertEquals(257, BpeTrainer.train(List.of("<x><x><x>"), 300, List.of("<x>")).size()); // nothing to learn from
        assertEquals(256, BpeTrainer.train(List.of("aa"), 256, List.of()).size());
        assertThrows(IllegalArgumentException.class, () -> BpeTrainer.train(List.of("a"), 256, List.of("<x>")));
    }
}
