package agl.app.data;

import agl.error.AglException;
import agl.nn.tokenizer.ChatTemplate.Message;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * What a model is asked: an instruction with its input, or a conversation up to where the answer stands.
 *
 * @param instruction  what is asked; of a conversation its last message
 * @param input        the text the instruction refers to, or "" if there is none
 * @param conversation the messages up to the answer; empty for a single message of the user, so that it equals the same question in
 *                     Alpaca form. Left out of the JSON that identifies a run if empty: such runs keep their names
 * @param place        file and row, for messages; "" if it comes from none. No part of the value: the same question of another row is equal
 */
public record Request(String instruction, String input, @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Message> conversation,
        @JsonIgnore String place) {
    public Request {
        input = input == null ? "" : input;
        conversation = List.copyOf(conversation);
        if (!conversation.isEmpty() && !(conversation.getLast().content().equals(instruction) && input.isEmpty())) {
            throw new AglException("a conversation ends with what is asked");
        }
    }

    public Request(String instruction, String input) {
        this(instruction, input, List.of(), "");
    }

    public Request(String instruction) {
        this(instruction, "");
    }

    /** A conversation up to the answer; at least one message. */
    static Request of(List<Message> messages, String place) {
        boolean single = messages.size() == 1 && messages.getFirst().role().equals("user");
        return new Request(messages.getLast().content(), "", single ? List.of() : messages, place);
    }

    /** As a chat template takes it: an instruction is one message of the user, its input after an empty line. */
    public List<Message> messages() {
        return !conversation.isEmpty() ? conversation : List.of(new Message("user", TextTemplate.joined(instruction, input)));
    }

    /** Whether it goes on from one of these conversations. */
    public boolean follows(Set<List<Message>> others) {
        return IntStream.range(1, conversation.size()).anyMatch(n -> others.contains(conversation.subList(0, n)));
    }

    /** The same with every text changed. */
    public Request map(UnaryOperator<String> change) {
        return new Request(change.apply(instruction), change.apply(input),
                conversation.stream().map(m -> new Message(m.role(), change.apply(m.content()))).toList(), place);
    }

    /** Runs what concerns this request; an error's message then begins with the place. */
    <T> T at(Supplier<T> work) {
        try {
            return work.get();
        } catch (AglException e) {
            throw place.isEmpty() ? e : new AglException(place + ": " + e.getMessage(), e);
        }
    }

    @Override public boolean equals(Object other) {
        return other instanceof Request r && instruction.equals(r.instruction) && input.equals(r.input)
                && conversation.equals(r.conversation);
    }

    @Override public int hashCode() {
        return Objects.hash(instruction, input, conversation);
    }
}
