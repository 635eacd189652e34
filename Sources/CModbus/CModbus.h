// libmodbus 3.1.
#pragma once
#include <modbus/modbus.h>
