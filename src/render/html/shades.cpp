#include "render/html/shades.h"

namespace weigh {
namespace {

// One colour for each width, one more where floating and whole numbers share it.
char letter_of_bits(double bits) { return bits < 5 ? 'f' : bits < 8 ? 'g' : 'h'; }

char letter_of(DType dtype) {
  if (const Block block = block_of(dtype); block.elements > 1)
    return letter_of_bits(8.0 * block.bytes / block.elements);
  switch (dtype) {
    case DType::unknown: return 'x';
    case DType::float32: return 'b';
    case DType::bfloat16: return 'c';
    case DType::float16: return 'd';
    default: break;
  }
  if (is_complex(dtype)) return 'a';
  if (!is_floating_point(dtype)) return bits(dtype) <= 8 && dtype != DType::boolean ? 'h' : 'i';
  return bits(dtype) > 16 ? 'a' : bits(dtype) == 8 ? 'e' : letter_of_bits(bits(dtype));
}

char letter_of(Scheme scheme) {
  switch (scheme) {
    case Scheme::not_told: return 'i';
    case Scheme::int5:
    case Scheme::int6:
    case Scheme::int7:
    case Scheme::mxfp6: return 'g';
    case Scheme::int8: return 'h';
    case Scheme::mxfp8: return 'e';
    default: return 'f';
  }
}

}  // namespace

ShadeClass shade_of(DType dtype) {
  return {letter_of(dtype), dtype == DType::unknown ? std::string_view("not told") : name(dtype)};
}

ShadeClass shade_of(Scheme scheme) { return {letter_of(scheme), name(scheme)}; }

ShadeClass shade_of(Evidence evidence) {
  constexpr std::string_view kLetters = "chfi";
  return {kLetters[static_cast<std::size_t>(evidence)], name(evidence)};
}

ShadeClass shade_of(Part part, Role role) {
  switch (part) {
    case Part::packed: return {'f', "packed weights"};
    case Part::overhead: return {'h', "scales and what else unpacks them"};
    case Part::unexplained: return {'i', "integers that nothing explains"};
    case Part::plain: break;
  }
  return role == Role::parameter ? ShadeClass{'c', "parameters"} : ShadeClass{'b', "buffers"};
}

}  // namespace weigh
