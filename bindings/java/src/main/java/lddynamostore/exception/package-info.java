/** What can go wrong: one class for each cause. */
package lddynamostore.exception;
