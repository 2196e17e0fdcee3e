/**
 * LoRA (Hu et al. 2021): y = x·W0ᵀ + s·(x·Aᵀ)·Bᵀ, DoRA, and PEFT's files. Start reading at {@link agl.lora.LoraProduct}, then
 * {@link agl.lora.LoraModel} and {@link agl.lora.Peft}.
 */
package agl.lora;
