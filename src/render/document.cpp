#include "weigh/document.h"

#include "render/html/page.h"
#include "render/sbom/cyclonedx.h"
#include "render/sbom/spdx.h"

namespace weigh {

std::unique_ptr<Document> document(const RenderOptions& options) {
  switch (options.format) {
    case RenderFormat::html: return std::make_unique<Page>(options);
    case RenderFormat::cyclonedx: return std::make_unique<CycloneDx>(options.time);
    case RenderFormat::spdx: return std::make_unique<Spdx>(options.time);
    default: return nullptr;
  }
}

}  // namespace weigh
