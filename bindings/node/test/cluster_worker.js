'use strict';

const { Store } = require('ld-dynamo-store');

new Store('table', { library: process.argv[2] }).get('features', 'b').then(({ key }) => process.send(key));
