package agl.autograd.kernels;

/** alpha·A·B, still to be computed: one summand of {@link Kernels#product(Product, Product, double, Matrix)}. */
public record Product(double alpha, Matrix a, Matrix b) { }
