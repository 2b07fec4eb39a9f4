// What the facts of a GGUF file say of its model, under the names that config.json's have.
#pragma once

#include "formats/gguf/header.h"
#include "model/cache_facts.h"

#include "weigh/config.h"

namespace weigh {

Config config_of(const GgufHeader& header);
CacheFacts cache_facts_of(const GgufHeader& header);

}  // namespace weigh
