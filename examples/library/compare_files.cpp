// What differs between two models, in a program of one's own: here what a loader would have to do.
//
//   compare_files old.pt new.pt
#include <iostream>

#include <weigh/diff.h>
#include <weigh/read.h>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: compare_files A B\n";
    return 2;
  }
  try {
    const weigh::Model a = weigh::read(argv[1]);
    const weigh::Model b = weigh::read(argv[2]);
    const weigh::Diff diff = weigh::diff(a, b);
    std::cout << weigh::render(diff);
    for (const weigh::Difference& one : diff.differences)
      if (!one.is_module && one.facts.contains(weigh::Fact::shape))
        std::cout << "cannot be loaded as it is: " << b.path_of(b.tensors[one.b]) << '\n';
    return diff.is_equal() ? 0 : 1;
  } catch (const weigh::Error& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
