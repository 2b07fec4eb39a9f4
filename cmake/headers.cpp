// Nothing: with this file headers are precompiled (precompiled.cmake).
