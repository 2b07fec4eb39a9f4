#include <torch/torch.h>
#include <weigh/torch.h>

int main() {
  torch::nn::Linear net(16, 8);
  weigh::load_state_dict(*net, "epoch=9.ckpt", {.prefix = "model."});  // what Lightning wrote
  weigh::Weights weights = weigh::load_weights("model.safetensors");
  weigh::save_safetensors("copy.safetensors", weights.tensors, weights.metadata);
}
