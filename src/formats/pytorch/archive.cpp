#include "formats/pytorch/archive.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "formats/common/glance.h"
#include "formats/pytorch/danger.h"
#include "formats/pytorch/open.h"

#include "weigh/error.h"

namespace weigh::pytorch {

LoadedPickle load_pickle(Source& source, std::uint64_t offset, std::uint64_t window, const Limits& limits) {
  const std::uint64_t rest = source.size() - std::min(offset, source.size());
  for (window = std::max<std::uint64_t>(window, 64);; window *= 4) {  // never 0, or it would not grow
    window = std::min(window, rest);
    if (window > limits.pickle_bytes) {
      throw Error(ErrorKind::limit, source.label(),
                  fmt::format("a pickle is longer than {} bytes (limit pickle_bytes)", limits.pickle_bytes), offset);
    }
    LoadedPickle loaded;
    loaded.bytes = std::make_unique<std::string>(source.read(offset, static_cast<std::size_t>(window)));
    try {
      loaded.pickle = std::make_unique<pickle::Pickle>(source.label(), *loaded.bytes, limits, offset);
      refuse_dangerous(loaded.pickle->globals(), source.label());
      return loaded;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::truncated || window == rest) throw;
    }
  }
}

std::unique_ptr<Archive> open_archive(Source& source, const Limits& limits) {
  Glance glance(source);
  if (glance.is_zip()) return open_zip(source, limits);
  if (looks_like_legacy(glance.head())) return open_legacy(source, limits);
  if (looks_like_tar(glance.head())) return open_tar(source, limits);
  throw Error(ErrorKind::unsupported, source.label(), "is no PyTorch file");
}

}  // namespace weigh::pytorch
