package agl.error;

/**
 * Something outside the program is wrong: a file, a setting, a shape, too little memory. The message is one line that says what is
 * wrong, where (file, row, tensor) and, where it helps, what to do. The command line prints it and exits with code 2.
 */
public class AglException extends RuntimeException {
    /** @param message one line for the user: what is wrong, where, and what to do */
    public AglException(String message) {
        super(message);
    }

    /** @param cause for {@code --debug} */
    public AglException(String message, Throwable cause) {
        super(message, cause);
    }
}
