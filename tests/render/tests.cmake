weigh_test(render
  FILES render/lightning_test.cpp
  ROOMS render formats analysis model wire bytes)
