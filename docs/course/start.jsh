// Tensors and gradients at hand:
//   jshell --class-path target/agl.jar --add-modules jdk.incubator.vector docs/course/start.jsh
import agl.autograd.*;
import agl.autograd.kernels.*;
import agl.autograd.op.*;
import agl.autograd.storage.*;
import agl.error.*;
import agl.lora.*;
import agl.nn.*;
import agl.regularizers.*;
import agl.app.data.*;
import agl.app.drift.*;
import java.util.*;

// One tape for the session: it records until gradients() or fresh().
Tape tape = Tape.plain();

// A leaf whose gradient is wanted: leaf(1, 2, 3), or a matrix by rows: matrix(2, 3, 1, 2, 3, 4, 5, 6).
Tensor leaf(double... values) { return Tensor.of(values, values.length).requireGrad(); }
Tensor matrix(int rows, int cols, double... values) { return Tensor.of(values, rows, cols).requireGrad(); }

// A new tape, when the old one has been walked.
Tape fresh() { tape.close(); tape = Tape.plain(); return tape; }

// Walks the tape back from a scalar and prints the gradient of each leaf.
void gradients(Tensor loss, Tensor... leaves) { for (Tensor x : leaves) x.zeroGrad(); tape.backward(loss); System.out.println("L = " + loss.item()); for (Tensor x : leaves) System.out.println(Arrays.toString(x.shape()) + " " + Arrays.toString(x.gradArray())); fresh(); }

void gradients(Var loss, Tensor... leaves) { gradients(loss.tensor(), leaves); }

// A leaf in a formula that reads from left to right: v(x).minus(v(y)).squared().sum().
Var v(Tensor x) { return Var.of(tape, x); }

// Compares backward with difference quotients, for every entry: check((t, x) -> Softmax.of(t, x[0]), leaf(1, 2, 3)).
GradCheck.Result check(GradCheck.Function f, Tensor... inputs) { return GradCheck.full(f, inputs); }

System.out.println("Try:  Tensor x = leaf(1, 2, 3)      gradients(v(x).squared().sum(), x)      check((t, in) -> Tanh.of(t, in[0]), x)")
