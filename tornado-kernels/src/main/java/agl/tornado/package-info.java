/**
 * The kernels on OpenCL and PTX devices through TornadoVM. Start reading at {@link agl.tornado.TornadoKernels}.
 */
package agl.tornado;
