package agl.app.data;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A request with its answer. Only the response is trained on; the request is the prompt.
 *
 * @param request  what is asked, its instruction never blank
 * @param response the desired answer, never blank
 */
public record Example(@JsonUnwrapped Request request, String response) {
    public Example {
        if (request.instruction() == null || request.instruction().isBlank()) {
            throw new AglException("example without an instruction: give every row one");
        }
        if (response == null || response.isBlank()) {
            throw new AglException("example without a response: \"" + Json.quote(request.instruction()) + "\" needs one");
        }
    }

    public Example(String instruction, String input, String response) {
        this(new Request(instruction, input), response);
    }

    public Example(String instruction, String response) {
        this(instruction, "", response);
    }

    public String instruction() {
        return request.instruction();
    }

    public String input() {
        return request.input();
    }
}
