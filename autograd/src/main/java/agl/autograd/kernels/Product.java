package agl.autograd.kernels;

/** alpha·A·B, not yet computed: one summand of {@link Kernels#product(Product, Product, double, Matrix)}. */
public record Product(double alpha, Matrix a, Matrix b) { }
