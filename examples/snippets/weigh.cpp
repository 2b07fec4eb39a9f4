#include <iostream>

#include <weigh/weigh.h>

int main() {
  weigh::Model model = weigh::read("model.ckpt");
  weigh::Summary summary = weigh::summarize(model);
  std::cout << weigh::render(summary);
  return summary.totals.is_exact() ? 0 : 1;
}
