package agl.error;

/**
 * Something outside the program is wrong: a file, a setting, a shape, too little memory. The message is one line that says what is
 * wrong, where (file, row, tensor) and, where it helps, what to do. The command line prints it and exits with code 2.
 */
public class AglException extends RuntimeException {
    /** Longer messages, which quote a long path or value from outside, are cut in the middle. */
    private static final int LONGEST = 1200;

    /** @param message one line for the user: what is wrong, where, and what to do */
    public AglException(String message) {
        super(oneLine(message));
    }

    /** @param cause for {@code --debug} */
    public AglException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    /** Text from outside may contain line breaks and control sequences of the terminal, and be long: here it is one line. */
    public static String oneLine(String text) {
        if (text == null) {
            return null;
        }
        String line = text.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("\\p{Cc}", " ");
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST * 3 / 4) + " ... " + line.substring(line.length() - LONGEST / 4);
    }
}
