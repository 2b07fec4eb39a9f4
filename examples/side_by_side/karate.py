"""python karate.py ../data/karate.txt SEED"""
import sys

import lightning as L
import torch
import torch.nn.functional as F
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader
from torch_geometric.nn import GATv2Conv


def read(path):
    rows = [line.split() for line in open(path)]
    sides = [int(r[2]) for r in rows if r[0] == "member"]
    pairs = [int(i) for r in rows if r[0] == "friends"
             for i in r[1:]]
    edges = torch.tensor(pairs).view(-1, 2).t()
    edges = torch.cat([edges, edges.flip(0)], 1)
    return torch.eye(len(sides)), edges, torch.tensor(sides)


class GAT(L.LightningModule):
    def __init__(self, x, edges):
        super().__init__()
        self.conv1 = GATv2Conv(-1, 8, heads=4)
        self.conv2 = GATv2Conv(-1, 2)
        self.example_input_array = (x, edges)

    def forward(self, x, edges):
        x = F.dropout(x, 0.3, self.training)
        x = F.elu(self.conv1(x, edges))
        return self.conv2(x, edges)

    def training_step(self, batch, batch_idx):
        return self.step(batch, "train")

    def validation_step(self, batch, batch_idx):
        return self.step(batch, "val")

    def test_step(self, batch, batch_idx):
        return self.step(batch, "test")

    def configure_optimizers(self):
        return torch.optim.Adam(
            self.parameters(), lr=0.01, weight_decay=5e-4)

    def step(self, batch, stage):
        x, edges, y, nodes = batch
        logits = self(x, edges)[nodes]
        loss = F.cross_entropy(logits, y[nodes])
        right = logits.argmax(1) == y[nodes]
        size = len(nodes)
        self.log(stage + "_loss", loss,
                 prog_bar=True, batch_size=size)
        self.log(stage + "_acc", right.float().mean(),
                 batch_size=size)
        return loss


torch.manual_seed(int(sys.argv[2]))
x, edges, y = read(sys.argv[1])
order = torch.randperm(34)
train, val, test = order.split([8, 8, 18])
net = GAT(x, edges)
best = ModelCheckpoint(monitor="val_loss")
trainer = L.Trainer(max_epochs=100, log_every_n_steps=1,
                    callbacks=[best])


def loader(nodes):
    return DataLoader([(x, edges, y, nodes)], batch_size=None)


trainer.fit(net, loader(train), loader(val))
trainer.test(net, loader(test),
             ckpt_path=best.best_model_path)
print("accuracy",
      trainer.callback_metrics["test_acc"].item())
