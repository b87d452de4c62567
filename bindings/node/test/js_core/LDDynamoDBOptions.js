'use strict';

// A type.
