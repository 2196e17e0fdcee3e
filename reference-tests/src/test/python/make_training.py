"""Expected learning rates of transformers' schedulers and updates of peft's LoRA+ optimizer.

    python make_training.py > ../resources/training.json
"""
import json

import peft
import torch
import transformers
from peft.optimizers import create_loraplus_optimizer
from transformers import get_scheduler

STEPS = [0, 1, 2, 3, 4, 5, 7, 11, 12, 13, 16, 18, 19]


def rates(name, warmup, total, peak, **specific):
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=peak)
    scheduler = get_scheduler(name, optimizer, num_warmup_steps=warmup, num_training_steps=total,
                              scheduler_specific_kwargs=specific or None)
    seen = []
    for _ in range(total + 1):
        seen.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return seen


def schedules():
    cases = []
    for ours, name in [("cosine", "cosine"), ("linear", "linear"), ("constant", "constant"),
                       ("constant_with_warmup", "constant_with_warmup"), ("cosine", "cosine_with_min_lr")]:
        for warmup in [0, 4]:
            floor = 0.25 if "min" in name else 0
            specific = {"min_lr_rate": floor} if floor else {}
            seen = rates(name, warmup, 20, 0.02, **specific)
            cases.append({"type": ours, "transformers": name, "warmup": warmup, "total": 20, "peak": 0.02, "floor": floor,
                          "steps": STEPS, "rates": [seen[s] for s in STEPS]})
    return cases


class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj = torch.nn.Linear(4, 4, bias=False)
        self.v_proj = torch.nn.Linear(4, 2, bias=False)

    def forward(self, x):
        return self.v_proj(self.q_proj(x))


def loraplus():
    """Three steps with given gradients of A, B and the magnitudes (DoRA) of two matrices."""
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    model = peft.get_peft_model(Two(), peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], use_dora=True))
    optimizer = create_loraplus_optimizer(model, torch.optim.AdamW, lr=0.01, loraplus_lr_ratio=16,
                                          loraplus_weight_decay=0.0, weight_decay=0.0)
    named = dict(model.named_parameters())
    tensors = [(f"{m}.{k}", next(p for n, p in named.items() if f".{m}.lora_{k}" in n))
               for m in ["q_proj", "v_proj"] for k in ["A", "B", "magnitude"]]
    steps = []
    start = {name: p.detach().tolist() for name, p in tensors}
    for _ in range(3):
        gradients = {name: torch.randn_like(p) for name, p in tensors}
        for name, p in tensors:
            p.grad = gradients[name].clone()
        optimizer.step()
        steps.append({"gradients": {n: g.tolist() for n, g in gradients.items()},
                      "after": {n: p.detach().tolist() for n, p in tensors}})
    return {"lr": 0.01, "ratio": 16, "start": start, "steps": steps}


print(json.dumps({"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
                  "schedules": schedules(), "loraplus": loraplus()}, indent=1))
