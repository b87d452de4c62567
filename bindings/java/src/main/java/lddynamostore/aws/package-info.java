/** For programs that have the AWS SDK for Java 2 on their class path. */
package lddynamostore.aws;
