// All of the Lightning workflow: modules, trainer, callbacks. docs/lightning.md
#pragma once

#include "weigh/lightning/callbacks.h"
#include "weigh/lightning/load_from_checkpoint.h"
#include "weigh/lightning/loggers.h"
#include "weigh/lightning/model_checkpoint.h"
#include "weigh/lightning/module.h"
#include "weigh/lightning/trainer.h"
