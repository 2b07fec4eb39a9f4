// The library in a program of one's own: what is in a model file, and a check of it.
//
//   weigh_a_file model.ckpt
#include <iostream>

#include <weigh/weigh.h>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: weigh_a_file FILE\n";
    return 2;
  }
  try {
    const weigh::Model model = weigh::read(argv[1]);
    const weigh::Summary summary = weigh::summarize(model);

    // A column of one's own beside those of the table.
    weigh::RenderOptions options;
    options.own_columns.push_back({"mean", "Mean tensor", true, [](const weigh::Summary&, const weigh::Row& row) {
                                     if (row.tally.tensors == 0 || !row.tally.parameters.is_exact())
                                       return std::string();
                                     return std::to_string(row.tally.parameters.known() / row.tally.tensors);
                                   }});
    std::cout << weigh::render(summary, options);

    if (!summary.totals.is_exact()) {
      std::cout << "\nDo not train yet: " << summary.uninitialized.size() << " tensors have no shape.\n";
      return 1;
    }
  } catch (const weigh::Error& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
