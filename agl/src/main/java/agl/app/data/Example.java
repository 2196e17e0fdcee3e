package agl.app.data;

import agl.error.AglException;

/**
 * One instruction example in Alpaca form. Only the response is trained on; instruction and input are the prompt.
 *
 * @param instruction what is asked, never blank
 * @param input       the text the instruction refers to, or "" if there is none
 * @param response    the desired answer, never blank
 */
public record Example(String instruction, String input, String response) {
    public Example {
        if (instruction == null || instruction.isBlank()) {
            throw new AglException("example without an instruction: give every row one");
        }
        if (response == null || response.isBlank()) {
            throw new AglException("example without a response: \"" + instruction + "\" needs one");
        }
        if (input == null) {
            input = "";
        }
    }

    public Example(String instruction, String response) {
        this(instruction, "", response);
    }
}
